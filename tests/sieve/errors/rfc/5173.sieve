require "body";
if body :raw :text "x" { stop; }
if body :content "x" { stop; }
if body { stop; }
if body :raw :matches "a" "b" { stop; }
