require "duplicate";
if duplicate :header "a" :uniqueid "b" { stop; }
if duplicate :seconds "a" { stop; }
if duplicate "x" { stop; }
if duplicate :handle { stop; }
