require ["special-use", "fileinto"];
fileinto :specialuse "Junk" "x";
fileinto :specialuse "x";
if specialuse_exists "Junk" { stop; }
if specialuse_exists { stop; }
