"""What ``manage.py doctor`` looks at. Everything here reads; nothing is changed."""
