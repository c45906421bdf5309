from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("onboarding", "0002_paper_fees_to_fee_tables")]
    operations = [migrations.DeleteModel(name="PaperFee")]
