"""The courier: the surface that faces mail servers. Takes jobs, composes mails, hands them over."""
