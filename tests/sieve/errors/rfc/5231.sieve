require "relational";
if header :count "xx" "a" "1" { stop; }
if header :value "a" "1" { stop; }
if header :count "eq" :value "eq" "a" "1" { stop; }
if header :value "ge" :comparator "i;ascii-numeric" "a" "1" { stop; }
