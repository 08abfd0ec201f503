# Spam goes to Junk: for those who have no script of their own.
#
#	mkdir /etc/pabal/sieve
#	cp spam.sieve /etc/pabal/sieve
#	pabal conf set pabal sieve_directory /etc/pabal/sieve
#	pabal conf set pabal sieve_default spam
#	pabal reload
#
# A spam filter marks what it takes for spam with a field; which one depends on
# the filter.  It has to remove what senders put there themselves.
require ["fileinto", "mailbox", "special-use"];

if anyof (header :is "X-Spam-Flag" "YES",
          header :is "X-Spam" "Yes",
          header :contains "X-Spam-Status" "Yes,")
{
	fileinto :specialuse "\\Junk" "Junk";
}
