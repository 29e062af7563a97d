"""Each minute, from outside the VPC: what the public health endpoint says of the SaaS."""
