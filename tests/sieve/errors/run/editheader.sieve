require ["editheader", "variables"];
set "name" "a b";
addheader "${name}" "x";
