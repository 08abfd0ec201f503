require "imapsieve";
imapsieve;
if imapsieve { stop; }
if environment "imap.user" "x" { stop; }
