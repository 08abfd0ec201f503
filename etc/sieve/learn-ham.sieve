# What users move out of Junk is no spam, but for what they throw away or move
# on as it is.  See learn-spam.sieve.
require ["copy", "imapsieve", "environment", "variables", "special-use"];

if environment :matches "imap.mailbox" "*" {
	if specialuse_exists "${1}" "\\Trash" { stop; }
}
redirect :copy "ham@learn.internal";
