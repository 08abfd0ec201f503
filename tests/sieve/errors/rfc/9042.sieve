require ["mailboxid", "fileinto"];
fileinto :mailboxid "x";
fileinto :mailboxid 3 "x";
if mailboxidexists { stop; }
keep :mailboxid "x";
