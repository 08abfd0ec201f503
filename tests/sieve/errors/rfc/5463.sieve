require "ihave";
if ihave { stop; }
if ihave 3 { stop; }
error;
error 3;
