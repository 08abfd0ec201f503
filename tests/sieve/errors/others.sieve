require ["fileinto", "extlists", "envelope"];

if header :comparator "i;none" "subject" "x" { stop; }
ereject "not required";
if envelope :list :count "eq" "from" "x" { stop; }
fileinto :mailboxid "F0" "x";
