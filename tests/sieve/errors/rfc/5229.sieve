require ["variables", "fileinto"];
set "1a" "x";
set "a.b" "x";
set "${a}" "x";
set :lower :upper "a" "x";
set :lower :lower "a" "x";
set "a";
set ["a", "b"] "x";
fileinto "${x.y}";
fileinto "${1000}";
if string { stop; }
