"""The generator of the sample campaigns: a plan, people, what happens to each message, and the mails."""
