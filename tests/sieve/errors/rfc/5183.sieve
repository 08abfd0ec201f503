require "environment";
if environment "domain" { stop; }
if environment :user "domain" "x" { stop; }
if environment ["domain", "host"] "x" { stop; }
