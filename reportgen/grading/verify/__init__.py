"""Were the numbers of a submitted report really computed from its data?"""

from reportgen.grading.verify.description import describe as describe
from reportgen.grading.verify.document import write_json as write_json
from reportgen.grading.verify.row import Row as Row
from reportgen.grading.verify.row import Verification as Verification
from reportgen.grading.verify.verification import verify as verify
