require "vacation";
vacation;
vacation :days "7" "x";
vacation :days 7 :days 8 "x";
vacation :from "nobody" "x";
vacation :addresses ["a@b.c", "nobody"] "x";
vacation :seconds 5 "x";
vacation :subject "x";
vacation ["a", "b"];
