"""Pages for visitors and customers: sign-up, confirmation, preference centre."""
