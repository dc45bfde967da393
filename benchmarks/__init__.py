"""What Parley costs, as ratios against a stated baseline measured in the same run."""
