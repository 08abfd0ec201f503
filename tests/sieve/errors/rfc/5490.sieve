require ["mailbox", "mboxmetadata", "servermetadata", "fileinto"];
if mailboxexists { stop; }
if metadata "INBOX" "/nowhere" "x" { stop; }
if metadata "INBOX" "/private/x" { stop; }
if metadataexists "INBOX" { stop; }
if servermetadata "nowhere" "x" { stop; }
if servermetadataexists { stop; }
fileinto :create :create "x";
keep :create;
