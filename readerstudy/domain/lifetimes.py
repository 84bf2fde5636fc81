"""How long sign-ins and invitations last."""

from datetime import timedelta

ACCOUNT_SESSION = timedelta(hours=12)


READER_SESSION = timedelta(days=30)


INVITATION_LIFE = timedelta(days=90)
