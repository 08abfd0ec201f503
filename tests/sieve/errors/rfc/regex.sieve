require ["regex", "variables"];
if header :regex "a" "(" { stop; }
if header :regex "a" ["b", "[z-a]"] { stop; }
if header :regex :contains "a" "b" { stop; }
set :quoteregex :quotewildcard "a" "b";
