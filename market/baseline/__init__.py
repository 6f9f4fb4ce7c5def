"""The baseline BL01: what the pairs of a BM Unit would have metered without the event, and the expected volume of it.

The method, as far as its public texts go (BSC modification P376, the Baselining Methodology Document that it brought,
and P415; IDD Part 1 for the flows and signs):

1. Days (`market.baseline.days`): for an event on a Working Day the 10 most recent eligible Working Days, else the 4
   most recent eligible Non-Working Days, at most 60 days back. Event days, days on which clocks change and days without
   a metered volume in every period are not eligible.
2. Mean (`market.baseline.volumes`): for each Settlement Period the simple mean of what was metered on these days.
3. In-day adjustment: the mean difference between metered and mean over the six periods that end one hour before the
   event begins, added to the mean.
4. Settlement Expected Volume (`market.baseline.expected`): the Submitted Expected Volume of the pairs with indicator S
   less the sum of the baselined volumes, in CVA sign.

What these texts leave open is `market.baseline.policy.BaselinePolicy`. Volumes are MWh scaled by 10,000 in SVA sign
(import positive), exact until one rounding per pair and period, to even at a half; a BM Unit's volume is the sum of its
pairs' rounded ones, so that the numbers of a report add up.

A worked example with two days in place of ten: period 30 metered 2.0000 and 3.0000 MWh, so its mean is 2.5000. The six
periods 20 to 25 before an event from period 28 have a mean of 1.0000 each and metered 1.1000 each: the adjustment is
0.1000 MWh. The baselined volume of period 30 is 2.6000 MWh in SVA sign; where 0.4000 MWh in CVA sign were submitted for
the S pairs of the BM Unit, its Settlement Expected Volume is 0.4000 - 2.6000 = -2.2000 MWh in CVA sign.
"""
