require ["include", "variables", "fileinto"];
global "verdict";
if header :contains "subject" "buy" {
	set "verdict" "spam";
	return;
}
set "verdict" "ham";
