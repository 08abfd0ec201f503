require "editheader";
addheader "a b" "x";
addheader "a";
addheader :last "a:" "x";
deleteheader "a b";
deleteheader :index 0 "a";
deleteheader :last "a";
addheader :is "a" "b";
