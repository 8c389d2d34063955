"""What ``manage.py doctor`` looks at. Nothing is changed, but for what ``--verify`` notes."""
