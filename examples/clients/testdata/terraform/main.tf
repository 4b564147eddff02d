# Typical user pools on two servers: one that refuses what it does not simulate, and one that keeps it.
# The variable "changed" adds changes to existing resources.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

variable "endpoint" {}
variable "accepting" {}
variable "changed" {
  default = false
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    cognitoidp = var.endpoint
  }
  default_tags {
    tags = { team = "identity" }
  }
}

provider "aws" {
  alias                       = "accepting"
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    cognitoidp = var.accepting
  }
}

resource "aws_cognito_user_pool" "pool" {
  name                     = "application"
  alias_attributes         = ["email", "preferred_username"]
  auto_verified_attributes = ["email", "phone_number"]
  mfa_configuration        = "OPTIONAL"
  deletion_protection      = "INACTIVE"
  user_pool_tier           = "ESSENTIALS"
  tags                     = { stage = var.changed ? "production" : "test" }

  sms_authentication_message = "Your code is {####}"
  sms_configuration {
    external_id    = "application"
    sns_caller_arn = "arn:aws:iam::123456789012:role/sms"
    sns_region     = "us-east-1"
  }
  software_token_mfa_configuration {
    enabled = true
  }
  admin_create_user_config {
    allow_admin_create_user_only = true
    invite_message_template {
      email_subject = "Welcome"
      email_message = "You are {username}, your password is {####}."
      sms_message   = "You are {username}, your password is {####}."
    }
  }
  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
    recovery_mechanism {
      name     = "verified_phone_number"
      priority = 2
    }
  }
  device_configuration {
    challenge_required_on_new_device      = true
    device_only_remembered_on_user_prompt = true
  }
  email_configuration {
    email_sending_account  = "DEVELOPER"
    source_arn             = "arn:aws:ses:us-east-1:123456789012:identity/example.com"
    from_email_address     = "Application <application@example.com>"
    reply_to_email_address = "help@example.com"
  }
  password_policy {
    minimum_length                   = var.changed ? 14 : 12
    password_history_size            = 4
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = false
    require_uppercase                = true
    temporary_password_validity_days = 3
  }
  sign_in_policy {
    allowed_first_auth_factors = ["PASSWORD", "EMAIL_OTP"]
  }
  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }
  username_configuration {
    case_sensitive = false
  }
  verification_message_template {
    default_email_option = "CONFIRM_WITH_CODE"
    email_subject        = "Your code"
    email_message        = "Your code is {####}."
    sms_message          = "Your code is {####}."
  }
  schema {
    name                = "email"
    attribute_data_type = "String"
    mutable             = true
    required            = true
    string_attribute_constraints {
      min_length = 5
      max_length = 254
    }
  }
  schema {
    name                = "role"
    attribute_data_type = "String"
    mutable             = true
    string_attribute_constraints {}
  }
  schema {
    name                = "age"
    attribute_data_type = "Number"
    mutable             = true
    number_attribute_constraints {
      min_value = 0
      max_value = 150
    }
  }
  schema {
    name                     = "internal"
    attribute_data_type      = "Boolean"
    developer_only_attribute = true
    mutable                  = true
  }
  dynamic "schema" {
    for_each = var.changed ? ["joined"] : []
    content {
      name                = schema.value
      attribute_data_type = "DateTime"
      mutable             = true
    }
  }
}

resource "aws_cognito_resource_server" "api" {
  user_pool_id = aws_cognito_user_pool.pool.id
  identifier   = "https://api.example.com"
  name         = "api"
  scope {
    scope_name        = "read"
    scope_description = "Read everything"
  }
  dynamic "scope" {
    for_each = var.changed ? ["write"] : []
    content {
      scope_name        = scope.value
      scope_description = "Write everything"
    }
  }
}

resource "aws_cognito_user_pool_domain" "pages" {
  user_pool_id = aws_cognito_user_pool.pool.id
  domain       = "application"
}

resource "aws_cognito_user_pool_client" "web" {
  name                                          = "web"
  user_pool_id                                  = aws_cognito_user_pool.pool.id
  generate_secret                               = true
  explicit_auth_flows                           = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  allowed_oauth_flows_user_pool_client          = true
  allowed_oauth_flows                           = ["code"]
  allowed_oauth_scopes                          = ["openid", "email", "${aws_cognito_resource_server.api.identifier}/read"]
  callback_urls                                 = ["https://example.com/in", "http://localhost:3000/in"]
  default_redirect_uri                          = "https://example.com/in"
  logout_urls                                   = ["https://example.com/out"]
  supported_identity_providers                  = ["COGNITO"]
  read_attributes                               = ["email", "email_verified", "custom:role"]
  write_attributes                              = ["email", "name"]
  prevent_user_existence_errors                 = "ENABLED"
  enable_token_revocation                       = true
  enable_propagate_additional_user_context_data = true
  auth_session_validity                         = 5
  access_token_validity                         = 15
  id_token_validity                             = 1
  refresh_token_validity                        = var.changed ? 12 : 8
  token_validity_units {
    access_token  = "minutes"
    id_token      = "hours"
    refresh_token = "hours"
  }
}

resource "aws_cognito_user_pool_client" "machine" {
  name                                 = "machine"
  user_pool_id                         = aws_cognito_user_pool.pool.id
  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["client_credentials"]
  allowed_oauth_scopes                 = ["${aws_cognito_resource_server.api.identifier}/read"]
}

resource "aws_cognito_user_pool_client" "plain" {
  name         = "plain"
  user_pool_id = aws_cognito_user_pool.pool.id
}

resource "aws_cognito_user_group" "staff" {
  name         = "staff"
  user_pool_id = aws_cognito_user_pool.pool.id
  description  = "Whoever works here"
  precedence   = 1
  role_arn     = "arn:aws:iam::123456789012:role/staff"
}

resource "aws_cognito_user" "ann" {
  user_pool_id = aws_cognito_user_pool.pool.id
  username     = "ann"
  password     = "Passw0rd1234Ann"
  attributes = {
    email          = "ann@example.com"
    email_verified = true
    role           = "admin"
  }
}

resource "aws_cognito_user_in_group" "ann" {
  user_pool_id = aws_cognito_user_pool.pool.id
  group_name   = aws_cognito_user_group.staff.name
  username     = aws_cognito_user.ann.username
}

resource "aws_cognito_user_pool" "triggers" {
  provider = aws.accepting
  name     = "triggers"
  lambda_config {
    pre_sign_up          = "arn:aws:lambda:us-east-1:123456789012:function:pre"
    pre_token_generation = "arn:aws:lambda:us-east-1:123456789012:function:tokens"
  }
  user_pool_tier = "PLUS"
  user_pool_add_ons {
    advanced_security_mode = "ENFORCED"
  }
}

resource "aws_cognito_user_pool_client" "federated" {
  provider                     = aws.accepting
  name                         = "federated"
  user_pool_id                 = aws_cognito_user_pool.triggers.id
  supported_identity_providers = ["COGNITO", "Google"]
}

output "pool" {
  value = aws_cognito_user_pool.pool.id
}
