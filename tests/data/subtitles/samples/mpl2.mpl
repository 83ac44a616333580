[10][30]/Slanted|/from end to end
[40][65]- Two lines,|/- one of them slanted
[55][80]שלום, עולם! مرحبا 👨‍👩‍👧‍👦
[36000][36021]1 < 2 & 3 > 2
