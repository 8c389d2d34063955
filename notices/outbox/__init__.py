"""Mails that wait in a row until they leave: what every app that mails stands on."""
