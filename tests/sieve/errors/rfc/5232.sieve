require ["imap4flags", "fileinto"];
setflag;
setflag "a" "b";
addflag 3;
removeflag ["a", 3];
keep :flags 3;
fileinto :flags "a";
if hasflag { stop; }
