require ["fileinto", "envelope", "encoded-character"];
else { keep; }
elsif true { keep; }
if not true, { keep; }
if anyof true { stop; }
fileinto;
fileinto ["a", "b"];
redirect "nobody";
keep "x";
stop { }
if header :is :contains "subject" "x" { stop; }
if header :comparator "i;none" "subject" "x" { stop; }
if address "subject" "x" { stop; }
if envelope "cc" "x" { stop; }
if exists { stop; }
if size 100 { stop; }
if size :over "1" { stop; }
if size :over :under 1 { stop; }
fileinto "${unicode:110000}";
require "copy";
bogus;
keep
