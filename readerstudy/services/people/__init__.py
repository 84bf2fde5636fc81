"""Who takes part: invitations, requests, identities, accounts of staff."""
