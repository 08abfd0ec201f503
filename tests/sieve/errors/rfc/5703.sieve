require ["foreverypart", "mime", "replace", "enclose", "extracttext", "variables"];
break;
foreverypart "x" { stop; }
foreverypart;
foreverypart :name "a" { break :name "b"; }
extracttext "x";
foreverypart { extracttext; }
foreverypart { extracttext "1x"; }
if header :mime :param ["a"] :type "content-type" "x" { stop; }
if header :type "content-type" "x" { stop; }
if exists :anychild "content-type" { stop; }
replace;
replace :subject "x";
enclose;
enclose :mime "x";
