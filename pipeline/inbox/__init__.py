"""Photos that others put somewhere: a watched folder, and a place in S3. Looked at by `manage.py cron`."""
