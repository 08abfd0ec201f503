require ["extlists", "envelope"];
redirect :list;
redirect :list ["a", "b"];
if envelope :list :comparator "i;octet" "from" "x" { stop; }
if envelope :list :is "from" "x" { stop; }
if valid_ext_list { stop; }
keep :list;
