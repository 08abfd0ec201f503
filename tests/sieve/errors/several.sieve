require ["fileinto", "no-such-thing"];
if header :comparator "i;none" "subject" "x" { keep; }
fileinto 3;
vacation "x";
if size 3 { stop }
