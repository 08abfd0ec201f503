require "vacation-seconds";
vacation :days 1 :seconds 60 "x";
vacation :seconds "60" "x";
vacation :seconds 60 :seconds 60 "x";
