require ["date", "index"];
if date :zone "+0000" :originalzone "date" "year" "2026" { stop; }
if currentdate :originalzone "year" "2026" { stop; }
if header :index 0 "a" "b" { stop; }
if header :last "a" "b" { stop; }
if date "date" "year" { stop; }
