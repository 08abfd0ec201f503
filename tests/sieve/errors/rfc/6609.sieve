require "include";
include;
include "../x";
include "none";
include :personal :global "none";
include :once :once "none";
global "x";
return "x";
