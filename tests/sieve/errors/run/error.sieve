require "ihave";
error "as it was asked for";
