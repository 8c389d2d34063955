"""What tests of messages to the team share."""

from tests.revenue.conftest import clock as clock
