"""Speed and cost, as ratios measured side by side in one run; ``make bench`` prints them."""
