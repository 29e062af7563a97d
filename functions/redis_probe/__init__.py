"""Each minute, inside the VPC: is Redis up, and how deep is the queue."""
