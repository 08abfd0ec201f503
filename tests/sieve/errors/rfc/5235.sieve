require ["spamtest", "virustest"];
if spamtest { stop; }
if spamtest :percent "50" { stop; }
if virustest { stop; }
if virustest :percent "50" { stop; }
