"""What every HTTP surface shares: the environment of a request, guards, limits, headers, errors."""
