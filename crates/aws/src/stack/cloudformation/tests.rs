//! What is sent to CloudFormation, and what each of its answers means.
