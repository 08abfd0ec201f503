if address :user "from" "x" { stop; }
if envelope :detail "to" "x" { stop; }
