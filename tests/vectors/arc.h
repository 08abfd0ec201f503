/* SPDX-License-Identifier: ISC */
/* A chain of ARC as dkimpy seals it: three sets, newest first, above the
 * message. */
#ifndef TESTS_VECTORS_ARC_H
#define TESTS_VECTORS_ARC_H

/* clang-format off */
static const char arc_zone[] =
	"s1._domainkey.list.example. TXT \"v=DKIM1; k=rsa; p=MIGfMA0GCSqG"
	    "SIb3DQEBAQUAA4GNADCBiQKBgQDlR02mGcJnoc4Cj1PXkNIzLiXyLd2HNQ+GqkhI"
	    "hnmXf+rcZOT/gRsDMN+RmDSHostmjGqrKYvQH6wVKJc81qN2aOAF6cRYTvy3NFtV"
	    "CKRLPb24JJeKLfl+IAmJ8EKUP6Km3KIcDvrwQWBHgyfD0ov+Przd+Zdha943u9Ts"
	    "jTiI4QIDAQAB\"\n"
	"s1._domainkey.forward.example. TXT \"v=DKIM1; k=rsa; p=MIGfMA0GC"
	    "SqGSIb3DQEBAQUAA4GNADCBiQKBgQDlR02mGcJnoc4Cj1PXkNIzLiXyLd2HNQ+Gq"
	    "khIhnmXf+rcZOT/gRsDMN+RmDSHostmjGqrKYvQH6wVKJc81qN2aOAF6cRYTvy3N"
	    "FtVCKRLPb24JJeKLfl+IAmJ8EKUP6Km3KIcDvrwQWBHgyfD0ov+Przd+Zdha943u"
	    "9TsjTiI4QIDAQAB\"\n"
	"s1._domainkey.third.example. TXT \"v=DKIM1; k=rsa; p=MIGfMA0GCSq"
	    "GSIb3DQEBAQUAA4GNADCBiQKBgQDlR02mGcJnoc4Cj1PXkNIzLiXyLd2HNQ+Gqkh"
	    "IhnmXf+rcZOT/gRsDMN+RmDSHostmjGqrKYvQH6wVKJc81qN2aOAF6cRYTvy3NFt"
	    "VCKRLPb24JJeKLfl+IAmJ8EKUP6Km3KIcDvrwQWBHgyfD0ov+Przd+Zdha943u9T"
	    "sjTiI4QIDAQAB\"\n";

static const char arc_message[] =
	"From: Joe <joe@author.example>\r\n"
	"To: list@list.example\r\n"
	"Subject: hello\r\n"
	" all\r\n"
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n"
	"Message-ID: <1@author.example>\r\n"
	"\r\n"
	"Hi  there.\r\n"
	"\r\n"
	"Joe.\r\n";

/* The sets, from 1 on. */
static const char *const arc_sets[] = {
	"ARC-Seal: i=1; cv=none; a=rsa-sha256; d=list.example; s=s1; t=1700000000;\r\n"
	" b=y4H1gQQ06xDaUVVztxW4duhCDiYjbnSEEKbX9weF07Pgq02PtWj6zMX/EeGl+B47FIT2r\r\n"
	" RgxVb9s0Rv3sWxYw+0hJqEJrtUnbhCg8MzYaW0OrwzTOrZjDDfIce9eJu00R/hEB2lUeV+d\r\n"
	" Eft+M3siVxSCPXJL2apcxu7PMAz41dY=\r\n"
	"ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
	" d=list.example; s=s1; t=1700000000; h=from : to : subject : date :\r\n"
	" message-id; bh=odj8CL9ZiJJkNDE8jkyWrwnGDwFf/3SYT17e6+iBcmg=;\r\n"
	" b=1+TMWmGuVuq+MAxC1QFe9XTXyqyxu2t9r+7V5KRZq7bEOGJF4LCNZ40Dn8J6lflNLjGo+\r\n"
	" pTtb34jjzAWfNPQiqShdtQLoVFWiTPcT3VXyCdHIZlpPMXyD0aGrEUmwmSASvhSllfFJt2N\r\n"
	" cCMIKvclvTqHhqvkfeCwIBPNGz2yGQA=\r\n"
	"ARC-Authentication-Results: i=1; list.example; spf=pass smtp.mailfrom=author.example;\r\n"
	"  arc=none\r\n",
	"ARC-Seal: i=2; cv=pass; a=rsa-sha256; d=forward.example; s=s1;\r\n"
	" t=1700000001;\r\n"
	" b=yWXRk1Lt0phXNK/6bSowUOijFK7WHh1wTQ1Tr0pglW8BD5qE/N4U2YNybK6oiwnmgi0Cd\r\n"
	" fpbGCE/y4IFsNzMBn9iR9ERfsq0+WYpXp33hv33V2gEKAp2RK2b0bMCjdvR+nzO0j1bR2h4\r\n"
	" 8A7MAIn3tzD/Pj+dcYaH3Y9bf+5e9hg=\r\n"
	"ARC-Message-Signature: i=2; a=rsa-sha256; c=relaxed/relaxed;\r\n"
	" d=forward.example; s=s1; t=1700000001; h=from : to : subject : date :\r\n"
	" message-id; bh=odj8CL9ZiJJkNDE8jkyWrwnGDwFf/3SYT17e6+iBcmg=;\r\n"
	" b=qnDxwWRNe80x8JYfWNgKE7rKXb/58KMOE4boBLad4Zgv4SEn1D3ZB6+23vpj0Hfc25IaX\r\n"
	" A8/vLhRPvEgIHCsULnB0btt0aHvMzrnoGFxJmDCnePqlPLK2KOw11BWYHUb87g8EVzDVSDE\r\n"
	" Yk93X5jMK876aPPfy5ooBo6FmO/rIE8=\r\n"
	"ARC-Authentication-Results: i=2; forward.example; spf=pass smtp.mailfrom=author.example;\r\n"
	"  arc=pass\r\n",
	"ARC-Seal: i=3; cv=pass; a=rsa-sha256; d=third.example; s=s1;\r\n"
	" t=1700000002;\r\n"
	" b=FXMhQIiIIvuC1cIXutEGKJCBAi5PIzOiR6MilKY0HHwKef2aVwUMmarCJhdztoS+1Y6R6\r\n"
	" hg6AdbzMRa1LWLKgEUL7khYCCwh4yQyd2lsFKlHwp+D4ekjE4xJqDPlZ7G9XT44JX+OjtkS\r\n"
	" pMwPEPBdQSyeFOZvuNQhZ3w1rpPsigU=\r\n"
	"ARC-Message-Signature: i=3; a=rsa-sha256; c=relaxed/relaxed;\r\n"
	" d=third.example; s=s1; t=1700000002; h=from : to : subject : date :\r\n"
	" message-id; bh=odj8CL9ZiJJkNDE8jkyWrwnGDwFf/3SYT17e6+iBcmg=;\r\n"
	" b=KNai/PqkD4hyPhUTcogmFLVcjQ1e0hMit6ZHnnMSXJkcwaPgFvvpRUMXgxX0uG8wvyl6D\r\n"
	" nvXeFc1LIik33vB84sQ3hX9a5jC6P1dyYBV9pBbuZCjzpq5reGgt6PeawfgIJ2rOjYAsBGt\r\n"
	" uSAvNc+ujLwfKQ5OcBSIdJzudmuURU8=\r\n"
	"ARC-Authentication-Results: i=3; third.example; spf=pass smtp.mailfrom=author.example;\r\n"
	"  arc=pass\r\n",
};

/* A message whose subject was changed between its two sets. */
static const char arc_changed[] =
	"ARC-Seal: i=2; cv=pass; a=rsa-sha256; d=forward.example; s=s1;\r\n"
	" t=1700000001;\r\n"
	" b=wIIg5SKRo5MrSkkfI5qYXENUgdYu7Q2L6F1UmcIwnlNmzRDKcQzcjvO62uZvNwG7FrFWi\r\n"
	" Ncx28vXyXcrT++4eSucKmk8d3/H2rbrrja8lU0i4hD0NHOCut9iAOCdfjmK5YYufLyyqAwa\r\n"
	" BT0qwb+uRySjviTLk3U62dxGGLVlXqo=\r\n"
	"ARC-Message-Signature: i=2; a=rsa-sha256; c=relaxed/relaxed;\r\n"
	" d=forward.example; s=s1; t=1700000001; h=from : subject;\r\n"
	" bh=odj8CL9ZiJJkNDE8jkyWrwnGDwFf/3SYT17e6+iBcmg=;\r\n"
	" b=TVGTFVkEqCmFVjjxIetuRUkNDVJFt8XHYpR2unc0rnu6e5+DXZ/9oAEYiQEA8hHDYy364\r\n"
	" GIFVwfXUrgBouDSkhx8r7Nv7JkA45k8+MdIsaUiwjve+P+TUD1KIdp3jghq7rCaYMjT/rJu\r\n"
	" OdtgzxUovIOO2SWYo7kCaJ/2YeG2kTI=\r\n"
	"ARC-Authentication-Results: i=2; forward.example; arc=pass\r\n"
	"ARC-Seal: i=1; cv=none; a=rsa-sha256; d=list.example; s=s1; t=1700000000;\r\n"
	" b=IQPGqEphqt30HFsJdH2u7GebRBs0/UnnhSrvhVFda6T+XtROc/7VJjEH6bQvGtnoXjnj5\r\n"
	" V0SCLxSL/A2bEdzrBEWD49iSDSlZEjaTQISmNN13G/eY+YSrpYeL1KKy38jehJ6JmfjJr6s\r\n"
	" WvSQJNELvS6zGw32NfltgpgMBvmqZ44=\r\n"
	"ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
	" d=list.example; s=s1; t=1700000000; h=from : subject;\r\n"
	" bh=odj8CL9ZiJJkNDE8jkyWrwnGDwFf/3SYT17e6+iBcmg=;\r\n"
	" b=bnnl6q0SGbgnQEcUFJyYlqcjUYm1Kw1i5TRY8zJLYThWOH6zBvLiIF++bkuy7MMFrqh1L\r\n"
	" Ed4/bnnPJ+aksG9oIlw+d5D4kfD5PHM0reGo9UUDEQ78kzAmqiA3SlnETGL1ZEFKQfi018i\r\n"
	" zsT7WFJ9+LtabnLH9tfwrLVFsy2JyHQ=\r\n"
	"ARC-Authentication-Results: i=1; list.example; arc=none\r\n"
	"From: Joe <joe@author.example>\r\n"
	"To: list@list.example\r\n"
	"Subject: [list] hello\r\n"
	" all\r\n"
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n"
	"Message-ID: <1@author.example>\r\n"
	"\r\n"
	"Hi  there.\r\n"
	"\r\n"
	"Joe.\r\n";
/* clang-format on */

#endif
